/** Discounts: how long they stand, who fulfils them, and what has to be said with them where. */
import { z } from 'zod'
import { field, flag, hinted, languageTag } from './field.ts'

const key = hinted(z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, 'has to be the key of an action'), {
  format: 'action',
})
const pool = field(
  z.string().regex(/^[a-z0-9][a-z0-9_-]{0,49}$/, 'has to be small letters, digits, - and _'),
  'Name of the pool that the codes were imported into',
  'small letters, digits, - and _',
  'Pool',
)

const fulfilment = hinted(
  z.discriminatedUnion('by', [
    z.strictObject({ by: z.literal('person') }),
    z.strictObject({ by: z.literal('pool'), pool }),
    z.strictObject({ by: z.literal('billing') }),
  ]),
  { labels: { person: 'A person, by a task', pool: 'A code out of a pool', billing: 'Billing' } },
)

/** A country (ISO 3166), the European Union, or everywhere else. */
const place = hinted(
  z.string().regex(/^([A-Z]{2}|default)$/, "has to be a country such as 'AT', 'EU' or 'default'"),
  { format: 'country', labels: { EU: 'European Union', default: 'Everywhere else' } },
)
const texts = z.record(
  place,
  z.record(languageTag, hinted(z.string().trim().min(1).max(2000), { lines: 'many' })),
)

export const offerSettings = z
  .strictObject({
    fulfilment: field(
      z.record(key, fulfilment).default({}),
      'Who fulfils the discount of an action: codes out of an imported pool, or billing, which confirms each with a code. What nobody fulfils is a task for a person and is promised in no message',
      '{"discount_10": {"by": "pool", "pool": "spring"}, "discount_20": {"by": "billing"}}; by is person, pool or billing',
      'Who fulfils a discount',
    ),
    standsDays: field(
      z.number().int().min(1).max(365).default(30),
      'Days for which an offer can be taken',
      'a whole number from 1 to 365',
      { title: 'An offer stands', unit: 'days' },
    ),
    whenEmpty: field(
      z.enum(['wait', 'drop']).default('wait'),
      'What becomes of an offer whose pool has no code left: it waits for more until it expires, or it is dropped',
      'wait or drop',
      {
        title: 'When a pool has no code left',
        labels: { wait: 'The offer waits for more', drop: 'The offer is dropped' },
      },
    ),
    fewCodes: field(
      z.number().int().min(0).max(100_000).default(50),
      'With fewer free codes than this in a pool the admin is told',
      'a whole number from 0 to 100,000',
      'Tell when fewer codes are left than',
    ),
    billing: z
      .strictObject({
        url: field(
          hinted(z.url({ protocol: /^https$/ }).max(500), { format: 'url' })
            .nullable()
            .default(null),
          'Where billing is asked to confirm an offer, by a signed webhook, on the public internet; without it, it asks GET /v1/offers by itself',
          'an https address or null',
          { title: 'Where billing is asked', none: 'It asks by itself' },
        ),
        answerHours: field(
          z.number().min(0.1).max(720).default(48),
          'Hours in which billing has to answer; then the offer is dropped',
          'a number from 0.1 to 720',
          { title: 'Billing has to answer within', unit: 'hours' },
        ),
        reportsCosts: flag(
          false,
          'Whether billing says what each month of a discount cost; otherwise it is reckoned from the recurring amount',
          'Billing reports what a discount cost',
        ),
      })
      .prefault({}),
    redemptionProperty: field(
      z.string().min(1).max(200).nullable().default(null),
      'Property of the customer in the CRM that holds the code of an offer that was taken',
      'the name of a property, or null',
      { title: 'Property that holds the code once taken', none: 'None' },
    ),
    assumeTaken: flag(
      false,
      'Whether an offer that a person made counts as taken where nobody recorded what became of it; otherwise it cost nothing',
      'Count a person’s offer as taken unless told',
    ),
    terms: field(
      texts.default({}),
      'Terms that go with each offer: by country of the recipient (EU for its members, default elsewhere), then by language',
      '{"default": {"en": "Not to be combined with other offers."}, "AT": {"de": "…"}}',
      'Terms',
    ),
    requireTerms: flag(
      false,
      'Whether an offer is only made where there are terms for it',
      'Only where there are terms',
    ),
    disclosure: z
      .strictObject({
        where: field(
          z.enum(['required', 'everywhere']).default('required'),
          'Where an offer says that its price was chosen automatically: in the EU, the USA and where the country is unknown, or everywhere',
          'required or everywhere',
          {
            title: 'Say that the price was chosen automatically',
            labels: { required: 'Where the law wants it', everywhere: 'Everywhere' },
            advanced: true,
          },
        ),
        texts: field(
          texts.default({}),
          'The same in your own words: by country, then by language',
          '{"US": {"en": "…"}, "default": {"de": "…"}}',
          { title: 'The same in your own words', advanced: true },
        ),
      })
      .prefault({}),
  })
  .prefault({})

export type OfferSettings = z.infer<typeof offerSettings>
