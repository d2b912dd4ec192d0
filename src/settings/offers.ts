/** Discounts: how long they stand, who fulfils them, and what has to be said with them where. */
import { z } from 'zod'
import { field, flag } from './field.ts'

const key = z.string().regex(/^[a-z][a-z0-9_]{0,49}$/, 'has to be the key of an action')
const pool = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,49}$/, 'has to be small letters, digits, - and _')

const fulfilment = z.discriminatedUnion('by', [
  z.strictObject({ by: z.literal('person') }),
  z.strictObject({ by: z.literal('pool'), pool }),
  z.strictObject({ by: z.literal('billing') }),
])

/** A country (ISO 3166), the European Union, or everywhere else. */
const place = z.string().regex(/^([A-Z]{2}|default)$/, "has to be a country such as 'AT', 'EU' or 'default'")
const language = z
  .string()
  .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, "has to be a BCP 47 tag such as 'de-AT'")
const texts = z.record(place, z.record(language, z.string().trim().min(1).max(2000)))

export const offerSettings = z
  .strictObject({
    fulfilment: field(
      z.record(key, fulfilment).default({}),
      'Who fulfils the discount of an action: codes out of an imported pool, or billing, which confirms each with a code. What nobody fulfils is a task for a person and is promised in no message',
      '{"discount_10": {"by": "pool", "pool": "spring"}, "discount_20": {"by": "billing"}}; by is person, pool or billing',
    ),
    standsDays: field(
      z.number().int().min(1).max(365).default(30),
      'Days for which an offer can be taken',
      'a whole number from 1 to 365',
    ),
    whenEmpty: field(
      z.enum(['wait', 'drop']).default('wait'),
      'What becomes of an offer whose pool has no code left: it waits for more until it expires, or it is dropped',
      'wait or drop',
    ),
    fewCodes: field(
      z.number().int().min(0).max(100_000).default(50),
      'With fewer free codes than this in a pool the admin is told',
      'a whole number from 0 to 100,000',
    ),
    billing: z
      .strictObject({
        url: field(
          z
            .url({ protocol: /^https$/ })
            .max(500)
            .nullable()
            .default(null),
          'Where billing is asked to confirm an offer, by a signed webhook, on the public internet; null: it asks GET /v1/offers by itself',
          'an https address or null',
        ),
        answerHours: field(
          z.number().min(0.1).max(720).default(48),
          'Hours in which billing has to answer; then the offer is dropped',
          'a number from 0.1 to 720',
        ),
        reportsCosts: flag(
          false,
          'Whether billing says what each month of a discount cost; otherwise it is reckoned from the recurring amount',
        ),
      })
      .prefault({}),
    redemptionProperty: field(
      z.string().min(1).max(200).nullable().default(null),
      'Property of the customer in the CRM that holds the code of an offer that was taken',
      'the name of a property, or null',
    ),
    assumeTaken: flag(
      false,
      'Whether an offer that a person made counts as taken where nobody recorded what became of it; otherwise it cost nothing',
    ),
    terms: field(
      texts.default({}),
      'Terms that go with each offer: by country of the recipient (EU for its members, default elsewhere), then by language',
      '{"default": {"en": "Not to be combined with other offers."}, "AT": {"de": "…"}}',
    ),
    requireTerms: flag(false, 'Whether an offer is only made where there are terms for it'),
    disclosure: z
      .strictObject({
        where: field(
          z.enum(['required', 'everywhere']).default('required'),
          'Where an offer says that its price was chosen automatically: in the EU, the USA and where the country is unknown, or everywhere',
          'required or everywhere',
        ),
        texts: field(
          texts.default({}),
          'The same in your own words: by country, then by language',
          '{"US": {"en": "…"}, "default": {"de": "…"}}',
        ),
      })
      .prefault({}),
  })
  .prefault({})

export type OfferSettings = z.infer<typeof offerSettings>
