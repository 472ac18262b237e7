import { builder } from './builder.ts';

export const OrderDirectionEnum = builder.enumType('OrderDirection', {
  description: 'Which way a list runs.',
  values: {
    ASC: { description: 'From the lowest, oldest or first.' },
    DESC: { description: 'From the highest, newest or last.' },
  },
});
