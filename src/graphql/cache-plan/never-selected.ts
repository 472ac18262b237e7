import { Kind, type SelectionNode } from 'graphql';

/** Whether `@skip` or `@include` leaves it out whatever the variables are. What a variable decides counts as selected. */
export function neverSelected({ directives = [] }: SelectionNode): boolean {
  return directives.some(({ name, arguments: args = [] }) => {
    const condition = args.find((argument) => argument.name.value === 'if')?.value;
    return condition?.kind === Kind.BOOLEAN && condition.value === (name.value === 'skip');
  });
}
