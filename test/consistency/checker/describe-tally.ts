import { exposedWithinMs, type Counts, type Tally } from './tally.ts';

const columns = ['reads', 'exposed', 'L1', 'L2', 'stale', 'failed', 'lost', 'writes', 'unknown'] as const;

/** For people: one line for each phase, then what was asked and written, then examples of what is wrong. */
export function describeTally(title: string, tally: Tally): string {
  const { total, phases } = tally;
  const rows = [
    ['', ...columns, ''],
    ...phases.map(({ name, counts, note }) => [name, ...figures(counts), note]),
    ...(phases.length > 1 ? [['in all', ...figures(total), '']] : []),
  ];
  const shapes = [...tally.byShape].map(
    ([name, { reads, stale }]) => `${name} ${reads}${stale ? ` (${stale} stale)` : ''}`,
  );
  const writes = [...tally.byWrite].map(([name, count]) => `${name} ${count}`);
  return [
    `${title}: ${total.reads} reads checked, ${total.exposed} within ${exposedWithinMs} ms of a change they show, ${total.stale} stale`,
    ...aligned(rows),
    ...(tally.behind > 0
      ? [`  ${tally.behind} showed less than was acknowledged, for ${Math.ceil(tally.furthestBehindMs)} ms at most`]
      : []),
    ...(tally.tokenReads > 0 ? [`  ${tally.tokenReads} reads with a token`] : []),
    `  reads: ${shapes.join(', ')}`,
    `  writes: ${writes.join(', ')}`,
    ...tally.problems.map((problem) => `  ! ${problem}`),
  ].join('\n');
}

function figures(counts: Counts): string[] {
  return columns.map((column) => String(counts[column]));
}

/** The first column to the left, figures to the right, notes as they are. */
function aligned(rows: readonly string[][]): string[] {
  const widths = rows[0]?.map((_cell, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0))) ?? [];
  return rows.map((row) => {
    const cells = row.map((cell, at) => {
      if (at === 0) return cell.padEnd(widths[at] ?? 0);
      return at === row.length - 1 ? cell : cell.padStart(widths[at] ?? 0);
    });
    return `  ${cells.join('  ').trimEnd()}`;
  });
}
