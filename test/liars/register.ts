/** All strategies, by family. */
import { CONSUMERS } from './consumers.js';
import { COPIES } from './copies.js';
import { CROWDS } from './crowds.js';
import { FORGED_MOVES } from './forged-moves.js';
import { LIES } from './lies.js';
import { MODELS } from './models.js';
import { SEALS } from './seals.js';
import { SILENCE } from './silence.js';
import { STRANGERS } from './strangers.js';
import type { Strategy } from './strategy.js';
import { WEATHER } from './weather.js';

export const STRATEGIES: readonly Strategy[] = [
  ...LIES,
  ...SEALS,
  ...FORGED_MOVES,
  ...SILENCE,
  ...CROWDS,
  ...COPIES,
  ...WEATHER,
  ...STRANGERS,
  ...CONSUMERS,
  ...MODELS,
];
