/**
 * Loaded before og (`node --require`): while the file that OG_CHAOS_FULL_DISK names is there, nothing can be written to disk. Standard
 * output and error go on.
 */
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');

const flag = process.env.OG_CHAOS_FULL_DISK;
const { existsSync } = fs;
const isFull = () => flag !== undefined && existsSync(flag);
const noSpace = () =>
  Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC', errno: -28 });
const isStandard = (target) => target === 1 || target === 2;

for (const name of ['writeFile', 'write']) {
  const original = fs[name];
  fs[name] = (target, ...rest) => {
    if (!isStandard(target) && isFull()) process.nextTick(rest.at(-1), noSpace());
    else original.call(fs, target, ...rest);
  };
}
for (const name of ['writeFileSync', 'writeSync']) {
  const original = fs[name];
  fs[name] = (target, ...rest) => {
    if (!isStandard(target) && isFull()) throw noSpace();
    return original.call(fs, target, ...rest);
  };
}
const writeFile = fs.promises.writeFile;
fs.promises.writeFile = async (...rest) => {
  if (isFull()) throw noSpace();
  return writeFile(...rest);
};
syncBuiltinESMExports();
