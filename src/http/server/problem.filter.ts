import { Catch, HttpException, Injectable } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { RouteTable } from './route-table.js';
import { Problem } from '../problems/problem.js';
import { ProblemSender } from './problem.sender.js';
import { toProblem } from '../problems/to-problem.js';

/** Turns whatever was thrown into the one error shape of the service (RFC 9457). */
@Catch()
@Injectable()
export class ProblemFilter implements ExceptionFilter {
  constructor(
    private readonly sender: ProblemSender,
    private readonly routes: RouteTable,
  ) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const request = host.switchToHttp().getRequest<FastifyRequest>();
    const reply = host.switchToHttp().getResponse<FastifyReply>();
    this.sender.send(request, reply, this.methodProblem(error, request) ?? toProblem(error));
  }

  /** The router knows only 'no such route'; the path may exist with other methods. */
  private methodProblem(error: unknown, request: FastifyRequest): Problem | undefined {
    if (!request.is404 || !(error instanceof HttpException)) return undefined;
    const methods = this.routes.methodsOf(request.url);
    if (methods.length === 0) return new Problem('not_found', 'This path does not exist.');
    return new Problem('method_not_allowed', undefined, { headers: { Allow: methods.join(', ') } });
  }
}
