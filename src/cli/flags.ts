/** Flags that several commands share. */
import { Flags } from '@oclif/core';
import { UserError } from '../errors.js';
import { parseGasPrice, parseWei } from './amounts.js';
import { parseSeconds } from './durations.js';

const CHAIN = 'CHAIN';
const ACCOUNT = 'ACCOUNT';

/** An amount of ether, as wei. */
export const weiFlag = Flags.custom<bigint>({
  helpValue: '<ether>',
  parse: async (text, _context, { name }) => parseWei(text, `--${name}`),
});

/** A duration, as seconds. */
export const secondsFlag = Flags.custom<number>({
  helpValue: '<duration>',
  parse: async (text, _context, { name }) => parseSeconds(text, `--${name}`),
});

/** A share between 0 and 1. */
export const rateFlag = Flags.custom<number>({
  helpValue: '<rate>',
  parse: async (text, _context, { name }) => {
    const rate = Number(text);
    if (text.trim() !== '' && rate >= 0 && rate <= 1) return rate;
    throw new UserError('OG_BAD_RATE', `--${name} is "${text}", which is not a number between 0 and 1.`);
  },
});

/** A price of gas, as wei. */
export const gasPriceFlag = Flags.custom<bigint>({
  helpValue: '<gwei>',
  parse: async (text, _context, { name }) => parseGasPrice(text, `--${name}`),
});

/** Where og keeps what it can fetch or compute again. */
export const homeFlags = {
  home: Flags.string({
    env: 'OG_HOME',
    helpValue: '<folder>',
    summary: 'Where og keeps artefacts and inputs.',
    helpGroup: 'GLOBAL',
  }),
};

/** Models by id or by path. */
export const modelsFlag = ({ summary }: { readonly summary: string }) =>
  Flags.string({
    char: 'm',
    aliases: ['models'],
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<id or artefact>',
    summary,
  });

/** Which chain, and which contracts on it. */
export const chainFlags = {
  ...homeFlags,
  rpc: Flags.string({
    aliases: ['rpc-url'],
    env: 'OG_RPC_URL',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<url>',
    summary:
      'JSON-RPC address of a node (http://127.0.0.1:8545 when nothing is set); several, or several with commas, the first goes first.',
    helpGroup: CHAIN,
  }),
  'rpc-timeout': secondsFlag({
    env: 'OG_RPC_TIMEOUT',
    helpValue: '<duration>',
    summary: 'Longest that one answer of a node may take (20s when left out).',
    helpGroup: CHAIN,
  }),
  safety: Flags.option({
    env: 'OG_SAFETY',
    options: ['latest', 'safe', 'finalized'] as const,
    helpValue: '<block>',
    summary: 'Decide on the newest block (latest, the default), or on one that the chain calls safe or finalized.',
    helpGroup: CHAIN,
  })(),
  'chain-id': Flags.integer({
    env: 'OG_CHAIN_ID',
    min: 1,
    helpValue: '<number>',
    summary: 'Refuse a node that is on another chain.',
    helpGroup: CHAIN,
  }),
  deployment: Flags.string({
    env: 'OG_DEPLOYMENT',
    helpValue: '<address>',
    summary: "Address of og's contracts, when it is not the usual one.",
    helpGroup: CHAIN,
  }),
};

/** Who pays. A private key is only ever taken from OG_PRIVATE_KEY: a command line can be seen by others. */
export const accountFlags = {
  account: Flags.string({
    aliases: ['from'],
    env: 'OG_ACCOUNT',
    multiple: true,
    multipleNonGreedy: true,
    helpValue: '<name>',
    summary:
      'Keystore to sign with: its name, or a path. Without it, OG_PRIVATE_KEY, or the only keystore there is. Of several, the first puts up bonds and the others help.',
    helpGroup: ACCOUNT,
  }),
  'max-fee': gasPriceFlag({
    env: 'OG_MAX_FEE',
    summary: 'Most to pay for a unit of gas: gwei, or with a unit (500 gwei when left out).',
    helpGroup: ACCOUNT,
  }),
  'password-file': Flags.string({
    env: 'OG_PASSWORD_FILE',
    helpValue: '<file>',
    summary: "File with the keystore's password; asked for when there is none.",
    helpGroup: ACCOUNT,
  }),
};

export const inputFlag = Flags.string({
  char: 'i',
  multiple: true,
  multipleNonGreedy: true,
  helpValue: '[<name>=]<file>',
  summary:
    'An input array: .npy, .npz, .pb (ONNX TensorProto) or .json. The name may be left out when there is only one input.',
});

export const shapeFlag = Flags.string({
  char: 's',
  multiple: true,
  multipleNonGreedy: true,
  helpValue: '<name>=<dims>',
  summary: 'Shape of an input whose shape the file leaves open, such as x=1x3x224x224.',
});
