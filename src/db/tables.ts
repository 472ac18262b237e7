/**
 * Every table the application knows. Each module adds its own by declaration merging:
 *
 *   declare module '../../db/tables.ts' {
 *     interface Tables { tickets: TicketsTable }
 *   }
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled by the modules
export interface Tables {}

export type TableName = keyof Tables & string;
