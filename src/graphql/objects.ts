/**
 * The shape behind every GraphQL object type that more than one module names. A module adds its own by declaration
 * merging, and others refer to it by name: `t.field({ type: 'Person', … })`.
 */
// oxlint-disable-next-line typescript/no-empty-object-type -- filled by the modules
export interface Objects {}
