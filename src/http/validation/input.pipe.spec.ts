import type { ArgumentMetadata } from '@nestjs/common';
import { Type } from 'class-transformer';
import {
  ArrayMaxSize,
  IsArray,
  IsBoolean,
  IsEmail,
  IsIn,
  IsInt,
  IsString,
  Matches,
  Max,
  MaxLength,
  Min,
  ValidateNested,
} from 'class-validator';
import { describe, expect, it } from 'vitest';
import { Problem } from '../problems/problem.js';
import { OptionalField } from './fields.js';
import { InputPipe } from './input.pipe.js';

class Item {
  @Max(10)
  @Min(1)
  @IsInt()
  quantity: number;
}

class Dto {
  @MaxLength(5)
  @Matches(/^[a-z]+$/)
  @IsString()
  word: string;

  @IsIn(['a', 'b'])
  @OptionalField()
  letter?: string;

  @IsEmail()
  @OptionalField()
  email?: string;

  @IsBoolean()
  @OptionalField()
  flag: boolean = true;

  @ArrayMaxSize(2)
  @ValidateNested({ each: true })
  @Type(() => Item)
  @IsArray()
  @OptionalField()
  items?: Item[];
}

const pipe = new InputPipe();

async function problemOf(value: unknown, type: ArgumentMetadata['type'] = 'body'): Promise<Problem> {
  const outcome: unknown = await pipe
    .transform(value, { type, metatype: Dto })
    .then((result) => ({ result }))
    .catch((error: unknown) => error);
  if (outcome instanceof Problem) return outcome;
  throw new Error(`Not refused: ${JSON.stringify(outcome)}`);
}

describe('InputPipe', () => {
  it('makes the DTO, with its defaults', async () => {
    const dto = await pipe.transform({ word: 'abc' }, { type: 'body', metatype: Dto });
    expect(dto).toBeInstanceOf(Dto);
    expect(dto).toEqual({ word: 'abc', flag: true });
  });

  it.each([
    [{}, '/word', 'required'],
    [{ word: null }, '/word', 'type'],
    [{ word: 5 }, '/word', 'type'],
    [{ word: ['abc'] }, '/word', 'type'],
    [{ word: 'ABC' }, '/word', 'pattern'],
    [{ word: 'abcdef' }, '/word', 'length'],
    [{ word: 'abc', letter: 'c' }, '/letter', 'enum'],
    [{ word: 'abc', email: 'nobody' }, '/email', 'email'],
    [{ word: 'abc', flag: 'false' }, '/flag', 'type'],
    [{ word: 'abc', flag: null }, '/flag', 'type'],
    [{ word: 'abc', items: {} }, '/items', 'type'],
    [{ word: 'abc', items: [{ quantity: 1 }, { quantity: 0 }] }, '/items/1/quantity', 'min'],
    [{ word: 'abc', items: [{ quantity: 11 }] }, '/items/0/quantity', 'max'],
    [{ word: 'abc', items: [{ quantity: 1.5 }] }, '/items/0/quantity', 'type'],
    [{ word: 'abc', items: [{}] }, '/items/0/quantity', 'required'],
    [{ word: 'abc', items: [{ quantity: 1, 'a/b': 1 }] }, '/items/0/a~1b', 'unknown_field'],
    [{ word: 'abc', items: [1, 2, 3].map((quantity) => ({ quantity })) }, '/items', 'size'],
    [{ word: 'abc', other: 1 }, '/other', 'unknown_field'],
    [[], '', 'type'],
    [null, '', 'type'],
    ['text', '', 'type'],
    [5, '', 'type'],
    [false, '', 'type'],
  ])('refuses %j at %s: %s', async (body, pointer, code) => {
    const { errors, status } = await problemOf(body);
    expect(status).toBe(422);
    expect(errors).toEqual([{ pointer, code, message: expect.any(String) as string }]);
  });

  it('names every wrong value at once', async () => {
    const { errors, message } = await problemOf({ letter: 'x', other: 1 });
    expect(errors?.map((error) => error.code).sort()).toEqual(['enum', 'required', 'unknown_field']);
    expect(message).toBe('3 values are invalid.');
  });

  it('names query parameters as parameters', async () => {
    const { errors } = await problemOf({ word: ['a', 'b'], other: '1' }, 'query');
    expect(errors).toContainEqual({ parameter: 'word', code: 'type', message: 'word must be a string' });
    expect(errors).toContainEqual({
      parameter: 'other',
      code: 'unknown_field',
      message: 'other is unknown',
    });
  });

  it('asks for a body where there is none', async () => {
    expect((await problemOf(undefined)).code).toBe('malformed_request');
  });

  it('names twenty of very many wrong values, and says how many there are', async () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`field${index}`, 1]));
    const { errors, message } = await problemOf({ word: 'abc', ...many });
    expect(errors).toHaveLength(20);
    expect(message).toBe('5000 values are invalid; these are the first 20.');
  });

  it('tells queries apart by their classes, also where those have the same name', async () => {
    const named = (dto: new () => object) => Object.defineProperty(dto, 'name', { value: 'ListQuery' });
    class OfProducts {
      @IsString()
      q: string;
    }
    class OfUsers {
      @IsString()
      q: string;
    }
    const [first, second] = [named(OfProducts), named(OfUsers)];
    for (const metatype of [first, second, first]) {
      expect(await pipe.transform({ q: 'x' }, { type: 'query', metatype })).toBeInstanceOf(metatype);
    }
  });

  it('leaves alone what is neither body nor query', async () => {
    expect(await pipe.transform('x', { type: 'custom', metatype: Dto })).toBe('x');
  });
});
