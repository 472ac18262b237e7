import type { faker as Faker } from '@faker-js/faker/locale/en';
import { createDice, hash } from './dice.ts';
import type { SeedPlan } from './plan.ts';

/** Those who write in from outside: one for each forty tickets, from five to two hundred. */
export function makeCustomers(plan: SeedPlan, createdAt: Date, faker: typeof Faker) {
  const dice = createDice(`${plan.seed}/${plan.slug}/customers`);
  faker.seed(hash(`${plan.seed}/${plan.slug}/customer names`));
  const count = Math.min(Math.max(Math.floor(plan.tickets / 40), 5), 200);
  return Array.from({ length: count }, (_, index) => {
    const name = faker.company.name();
    const domain = name.toLowerCase().replaceAll(/[^a-z]+/g, '-');
    return {
      id: dice.idAt(createdAt),
      name,
      email: `office@${domain}-${index + 1}.example`,
      external_ref: `C-${String(index + 1).padStart(4, '0')}`,
      created_at: createdAt,
    };
  });
}
