import type { Command } from 'commander';

export function schemaCommand(program: Command): void {
  program
    .command('schema')
    .description('Print the GraphQL schema (SDL).')
    .addHelpText(
      'after',
      `
Examples:
  $ freshfield schema > schema.graphql`,
    )
    .action(async () => {
      const { printSdl } = await import('../app/print-sdl.ts');
      process.stdout.write(printSdl());
    });
}
