#!/usr/bin/env node
import { CommanderError } from 'commander';
import { explain } from './explain.ts';
import { createProgram, statusOf } from './program.ts';

// `freshfield schema | head`: whoever reads has read enough.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));

createProgram()
  .parseAsync()
  .catch((error: unknown) => {
    process.exitCode = statusOf(error);
    if (!(error instanceof CommanderError)) process.stderr.write(`freshfield: ${explain(error)}\n`);
  });
