import { readFile } from 'node:fs/promises';
import { UserError } from '../errors.js';
import { ask } from './session.js';

/** The password of an account that is being made: from a file, from OG_PASSWORD, or asked for twice. */
export async function newPassword(account: string, file: string | undefined): Promise<string> {
  if (file !== undefined) return firstLine(file);
  if (process.env.OG_PASSWORD !== undefined) return process.env.OG_PASSWORD;
  if (!process.stdin.isTTY) {
    throw new UserError(
      'OG_PASSWORD',
      `The account "${account}" needs a password.`,
      'Give --password-file, or run og in a terminal.',
    );
  }
  const first = await ask(`New password of the account "${account}":`);
  if ((await ask('The same again:')) !== first) {
    throw new UserError('OG_PASSWORD', 'The two passwords differ.', 'Try again; nothing was written.');
  }
  return first;
}

async function firstLine(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    const why = error.code === 'ENOENT' ? 'there is no such file' : error.message;
    throw new UserError('OG_PASSWORD', `The password file ${file} cannot be read: ${why}.`);
  });
  return text.split(/\r?\n/)[0] ?? '';
}
