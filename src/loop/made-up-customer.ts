/** A customer whom nobody has: what templates are looked at with before there is a book. */
import { asConnection } from '../contracts/ids.ts'
import type { ActContext, TaskFacts } from '../store/act-context.ts'
import type { Contact } from './act-facts.ts'

/** The number is one of those that are kept free for films (NANPA, 555-0100 to 555-0199), the addresses are of RFC 2606. */
export const MADE_UP: {
  readonly context: ActContext
  readonly contact: Contact
  readonly task: TaskFacts
} = {
  context: {
    customer: {
      name: 'Acme Ltd',
      status: 'active',
      responsible: { name: 'Jo Miller', email: 'jo@example.org' },
      externalId: 'acme',
      owner: { id: 'jo', name: 'Jo Miller' },
    },
    connection: {
      id: asConnection('00000000-0000-4000-8000-000000000000'),
      kind: 'csv',
      config: {},
      name: 'A made-up book',
      sandbox: true,
      status: 'active',
      statusReason: null,
    },
    company: 'Example Ltd',
    activated: false,
    pause: null,
  },
  contact: {
    id: 0,
    externalId: 'ana',
    name: 'Ana Silva',
    role: 'Head of IT',
    email: 'ana@example.com',
    phone: '+12025550142',
    language: null,
    zone: null,
    country: 'GB',
    emailHash: null,
    phoneHash: null,
  },
  task: {
    score: {
      probability: 0.41,
      level: 'HIGH',
      reasons: ['Pays month to month, and can leave at any time.', 'Logins fell 62 % in 30 days.'],
      monthlyMinor: 41_200,
      currency: 'EUR',
    },
    renewalDate: null,
    before: [],
  },
}
