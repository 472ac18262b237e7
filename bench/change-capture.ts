import { compare, type Comparison } from './change-capture/compare.ts';
import { loads } from './change-capture/loads.ts';
import { startSides } from './change-capture/sides.ts';

// What the change log costs those who write: the same writes into two databases of one Postgres, one with the triggers
// of the log and one without, in turns of a fraction of a second. As durable as the embedded database is by default.
// npm run bench:change-capture [rounds, 201] [milliseconds of each turn, 20] [only loads whose name has this]
const [rounds = 201, turnMs = 20] = process.argv.slice(2, 4).map(Number);
const wanted = process.argv[4] ?? '';
const target = 0.85;

const sides = await startSides();
try {
  console.log(`Writes per second with the change log, as a share of the same without. ${rounds} interleaved rounds.`);
  console.log(`  ${'median (quartiles)'.padStart(62)}  more per write    without  CPU of Postgres`);
  for (const load of loads.filter(({ name }) => name.includes(wanted))) {
    console.log(line(load.name, await compare(load, sides, { rounds, turnMs })));
  }
  console.log(`Target: ${target} for mutations.`);
} finally {
  await sides.stop();
}

function line(name: string, { ratio, quartiles, moreMs, perSecond, cpu }: Comparison): string {
  const [low, high] = quartiles.map((one) => one.toFixed(2));
  return [
    ratio >= target ? ' ' : '!',
    name.padEnd(42),
    `${ratio.toFixed(2)} (${low}–${high})`,
    `${moreMs.toFixed(2)} ms`.padStart(14),
    `${Math.round(perSecond)}/s`.padStart(10),
    cpu.toFixed(2).padStart(16),
  ].join(' ');
}
