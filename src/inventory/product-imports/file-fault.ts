import { invalid } from '../../http/problems/problem.js';
import type { Problem } from '../../http/problems/problem.js';

/** What is wrong with a file as a whole, so that nothing of it can be imported. */
export class FileFault extends Error {
  constructor(
    readonly code: 'encoding' | 'quotes' | 'row_size' | 'header',
    message: string,
  ) {
    super(message);
  }

  toProblem(): Problem {
    return invalid([{ pointer: '', code: this.code, message: this.message }]);
  }
}
