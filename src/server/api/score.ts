/** POST /v1/score: risk, reasons and the best action, for one customer or a thousand; nothing is written. */
import { HoldfastError } from '../../contracts/errors.ts'
import { asConnection, asCustomer, type TenantId } from '../../contracts/ids.ts'
import { route } from '../route.ts'
import type { ServerServices } from '../services.ts'
import { basisOf, type ScoringBasis } from './score-basis.ts'
import { scoreDescribed } from './score-described.ts'
import {
  described,
  MOST_CUSTOMERS,
  SCORE_BODY_LIMIT,
  scoreAnswer,
  scoreBody,
  type Score,
  type ScoreCustomer,
  type ScoreProblem,
} from './score-shapes.ts'
import { scoreStored } from './score-stored.ts'

export const scoreRoutes = [
  route({
    method: 'post',
    path: '/v1/score',
    summary: `Scores one customer, or up to ${MOST_CUSTOMERS}`,
    description:
      'By `id`: the score in force, with what would be best by the settings of now. By `features`: scored anew. Nothing is written. Consent on record, earlier messages, budget and capacity are looked at when a decision is made, not here.',
    tag: 'Scores',
    access: { scope: 'score', role: 'viewer' },
    // Writes nothing, and is asked thousands of times a second; the scoring threads bound what it takes.
    rate: null,
    body: scoreBody,
    bodyLimit: SCORE_BODY_LIMIT,
    answers: {
      200: {
        description: 'The score of the one customer, or `results` for many, in their order',
        schema: scoreAnswer,
      },
    },
    handle: async ({ tenant, body }, services) => {
      const { customers, connection: named, id, features, recurring } = body
      const connection = named === undefined ? null : asConnection(named)
      const basis = (): Promise<ScoringBasis> => basisOf(services, tenant, connection)
      if (customers !== undefined) {
        return { status: 200, body: { results: await scoreMany(services, tenant, customers, basis) } }
      }
      if (id !== undefined) return { status: 200, body: await scoreStored(services, tenant, asCustomer(id)) }
      const [score] = await scoreDescribed(
        await basis(),
        [{ features: features!, recurring }],
        services.clock(),
      )
      if (score instanceof HoldfastError) throw score
      return { status: 200, body: score }
    },
  }),
] as const

async function scoreMany(
  services: ServerServices,
  tenant: TenantId,
  customers: readonly unknown[],
  basis: () => Promise<ScoringBasis>,
): Promise<readonly (Score | ScoreProblem)[]> {
  const asked = customers.map(parse)
  const known = asked.some((one) => !(one instanceof HoldfastError) && one.features !== undefined)
    ? await basis()
    : null
  const now = services.clock()
  return Promise.all(
    asked.map(async (one): Promise<Score | ScoreProblem> => {
      if (one instanceof HoldfastError) return problem(null, one)
      const { id, features, recurring } = one
      if (features !== undefined) {
        const [score] = await scoreDescribed(known!, [{ features, recurring }], now)
        return score instanceof HoldfastError ? problem(null, score) : score
      }
      try {
        return await scoreStored(services, tenant, asCustomer(id!))
      } catch (error) {
        // What fails for all of them, such as the database, fails the request.
        if (error instanceof HoldfastError && error.code === 'not_found') return problem(id!, error)
        throw error
      }
    }),
  )
}

function parse(customer: unknown): ScoreCustomer | HoldfastError {
  const parsed = described.safeParse(customer)
  if (parsed.success) return parsed.data
  const issues = parsed.error.issues
    .slice(0, 5)
    .map(({ path, message }) =>
      path.length === 0 ? `The customer ${message}` : `"${path.map(String).join('.')}": ${message}`,
    )
  return new HoldfastError('request_invalid', `${issues.join('; ')}.`)
}

function problem(id: number | null, { code, status, message }: HoldfastError): ScoreProblem {
  return { id, error: { code, status, message } }
}
