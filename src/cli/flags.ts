/** Flags that several commands share. */
import { Flags } from '@oclif/core';
import { parseWei } from './amounts.js';
import { parseSeconds } from './durations.js';

const CHAIN = 'CHAIN';
const ACCOUNT = 'ACCOUNT';

/** Where og keeps what it can fetch or compute again. */
export const homeFlags = {
  home: Flags.string({
    env: 'OG_HOME',
    helpValue: '<folder>',
    summary: 'Where og keeps artefacts and inputs.',
    helpGroup: 'GLOBAL',
  }),
};

/** Which chain, and which contracts on it. */
export const chainFlags = {
  ...homeFlags,
  'rpc-url': Flags.string({
    env: 'OG_RPC_URL',
    helpValue: '<url>',
    summary: 'JSON-RPC address of a node (http://127.0.0.1:8545 when nothing is set).',
    helpGroup: CHAIN,
  }),
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
    env: 'OG_ACCOUNT',
    helpValue: '<name>',
    summary: 'Keystore to sign with: its name, or a path. Without it, OG_PRIVATE_KEY, or the only keystore there is.',
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
