import { Errors } from '@oclif/core';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { problemOf } from '../../src/cli/problem.js';
import { NetworkError, UserError } from '../../src/errors.js';

const test = suite('what an error means');
const COMMANDS = ['account new', 'compile', 'run', 'job', 'jobs'];
const problem = (error: unknown, ...argv: string[]) => problemOf(error, argv, COMMANDS);

test('errors of the core keep code, sentence, hint and exit code', () => {
  const user = problem(new UserError('OG_X', 'It is wrong.', 'Mend it.'));
  assert.equal(
    [user.kind, user.exitCode, user.code, user.message, user.hint],
    ['known', 2, 'OG_X', 'It is wrong.', 'Mend it.'],
  );
  assert.is(problem(new NetworkError('OG_Y', 'Nobody answers.')).exitCode, 3);
});

test('anything else is a bug of ours, and says so', () => {
  const bug = problem(new TypeError('x is undefined'));
  assert.equal([bug.kind, bug.exitCode, bug.code], ['bug', 1, 'OG_BUG']);
  assert.match(bug.hint ?? '', /bug in og.*report/);
  assert.is(problem('thrown as a string').message, 'thrown as a string');
});

test('an exit that a command asked for says nothing', () => {
  assert.equal([problem(new Errors.ExitError(4)).kind, problem(new Errors.ExitError(4)).exitCode], ['exit', 4]);
});

test('what oclif puts around our own errors goes', () => {
  const wrapped = new UserError(
    'OG_BAD_AMOUNT',
    'Parsing --fee \n\t"x" is not an amount for --fee.\nSee more help with --help',
  );
  assert.is(problem(wrapped).message, '"x" is not an amount for --fee.');
});

test('an unknown command, with the one that was perhaps meant', () => {
  const unknown = problem(new Errors.CLIError('command rum:digits.og not found'), 'rum', 'digits.og');
  assert.equal(
    [unknown.exitCode, unknown.code, unknown.message],
    [2, 'OG_UNKNOWN_COMMAND', 'There is no command "og rum".'],
  );
  assert.match(unknown.hint ?? '', /^og run\?/);
  const nothingLike = problem(new Errors.CLIError('command nonsense not found'), 'nonsense');
  assert.is(nothingLike.hint, 'og --help lists the commands.');
  assert.is(
    problem(new Errors.CLIError('command account:old not found'), 'account', 'old').message,
    'There is no command "og account old".',
  );
});

test('wrong usage points to the help of its command', () => {
  const error = new Errors.CLIError('Flag --shape expects a value\nSee more help with --help');
  assert.equal(problem(error, 'compile', '--shape'), {
    kind: 'known',
    exitCode: 2,
    code: 'OG_USAGE',
    message: 'Flag --shape expects a value.',
    hint: 'og compile --help shows how it is used.',
  });
  assert.is(problem(error, 'account', 'new', 'x').hint, 'og account new --help shows how it is used.');
});

test.run();
