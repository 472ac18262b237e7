import type { Command } from 'commander';

export function operationsCommand(program: Command): void {
  program
    .command('operations')
    .description('Print the persisted operations with their ids, for clients to send (JSON).')
    .addHelpText(
      'after',
      `
The format is that of Apollo's persisted query lists. A client sends an id as "documentId": "sha256:<id>".

Examples:
  $ freshfield operations > persisted-operations.json
  $ freshfield operations | jq -r '.operations[] | select(.name == "Dashboard").id'`,
    )
    .action(async () => {
      const { loadManifest } = await import('../http/persisted-manifest.ts');
      process.stdout.write(`${JSON.stringify(loadManifest(), null, 2)}\n`);
    });
}
