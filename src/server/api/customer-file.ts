/** Columns of a list of customers as a file. */
import type { CustomerLine } from '../../store/reads/customers.ts'
import type { CsvColumns } from './csv-file.ts'

/** By the name at its head, in the order of the file. */
export const CUSTOMER_CSV: CsvColumns<CustomerLine> = {
  id: ({ id }) => id,
  name: ({ name }) => name,
  externalId: ({ externalId }) => externalId,
  connection: ({ connection }) => connection,
  object: ({ object }) => object,
  status: ({ status }) => status,
  level: ({ level }) => level,
  levelSince: ({ levelSince }) => levelSince,
  levelBefore: ({ levelBefore }) => levelBefore,
  probability: ({ probability }) => probability,
  valueAtRiskMinor: ({ valueAtRiskMinor }) => valueAtRiskMinor,
  monthlyMinor: ({ monthlyMinor }) => monthlyMinor,
  currency: ({ currency }) => currency,
  renewalDate: ({ renewalDate }) => renewalDate,
  group: ({ group }) => group,
  responsible: ({ responsible }) => responsible,
  reasons: ({ reasons }) => (reasons.length === 0 ? null : reasons.map(({ sentence }) => sentence).join(' ')),
  dataConfidence: ({ dataConfidence }) => dataConfidence,
  scoredAt: ({ scoredAt }) => scoredAt,
  period: ({ decision }) => decision?.period ?? null,
  suggestedAction: ({ decision }) => decision?.actionKey ?? null,
  expectedValueMinor: ({ decision }) => decision?.expectedValueMinor ?? null,
  interventionAction: ({ intervention }) => intervention?.actionKey ?? null,
  interventionState: ({ intervention }) => intervention?.state ?? null,
}
