/** Deal pipelines with their stages, so that people name them as they see them. */
import { z } from 'zod'
import { HoldfastError } from '../../src/contracts/errors.ts'
import type { HubSpotClient } from './client.ts'
import { API_VERSION } from './version.ts'

export interface DealPipeline {
  readonly id: string
  readonly label: string
  readonly stages: readonly { readonly id: string; readonly label: string }[]
}

const pipelines = z.object({
  results: z.array(
    z.object({
      id: z.coerce.string(),
      label: z.string().catch(''),
      archived: z.boolean().nullish(),
      stages: z.array(z.object({ id: z.coerce.string(), label: z.string().catch('') })).catch([]),
    }),
  ),
})

/**
 * @see https://developers.hubspot.com/docs/api-reference/latest/crm/pipelines/guide
 * @example
 * (await dealPipelines(client))[0].stages.map(({ label }) => label)
 */
export async function dealPipelines(client: HubSpotClient): Promise<readonly DealPipeline[]> {
  const { body } = await client.call({
    method: 'GET',
    path: `/crm/pipelines/${API_VERSION}/deals`,
    schema: pipelines,
  })
  return body.results.filter(({ archived }) => archived !== true)
}

/** Which deals are agreements, by the ids that the deals have. */
export interface DealChoice {
  readonly pipeline: string | null
  readonly stages: readonly string[]
}

/**
 * `Renewals/Active, Won`: a pipeline and its stages, each by label or id; without stages all of the pipeline; `any` for
 * every pipeline.
 *
 * @throws HoldfastError `usage` naming what there is
 * @example
 * chooseDeals('Renewals/Closed won', pipelines) // { pipeline: '4711', stages: ['9912'] }
 */
export function chooseDeals(said: string, known: readonly DealPipeline[]): DealChoice {
  const [name, rest] = said.split(/\/(.*)/s).map((part) => part.trim())
  const pipeline = name === 'any' ? null : named(name, known, `The portal has no deal pipeline "${name}"`)
  const stages = pipeline === null ? known.flatMap((one) => one.stages) : pipeline.stages
  const wanted = (rest ?? '')
    .split(',')
    .map((stage) => stage.trim())
    .filter((stage) => stage !== '')
  const where = pipeline === null ? 'No pipeline' : `The pipeline "${pipeline.label}"`
  return {
    pipeline: pipeline?.id ?? null,
    stages: wanted.map((stage) => named(stage, stages, `${where} has no stage "${stage}"`).id),
  }
}

function named<T extends { readonly id: string; readonly label: string }>(
  said: string,
  known: readonly T[],
  problem: string,
): T {
  const same = (text: string): boolean => text.trim().toLowerCase() === said.toLowerCase()
  const found = known.find(({ id }) => id === said) ?? known.find(({ label }) => same(label))
  if (found !== undefined) return found
  const list = known.map(({ label }) => `"${label}"`).join(', ')
  throw new HoldfastError(
    'usage',
    `${problem}. There ${known.length === 1 ? 'is' : 'are'}: ${list || 'none'}.`,
  )
}
