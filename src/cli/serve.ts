import type { Command } from 'commander';

export function serveCommand(program: Command): void {
  program
    .command('serve')
    .description('Serve GraphQL over HTTP until told to stop (SIGINT, SIGTERM). The same as `npm start`.')
    .addHelpText(
      'after',
      `
Examples:
  $ freshfield serve
  $ PORT=8080 DATABASE_URL=postgres://localhost/freshfield JWT_SECRET=… freshfield serve`,
    )
    .action(async () => {
      await import('../main.ts');
    });
}
