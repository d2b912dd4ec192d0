/** All that a record can show of a customer at risk. */
import type { RiskFields } from '../../connectors/connector.ts'

export const shownRisk: RiskFields = {
  status: 'active',
  riskPercent: 71.5,
  riskLevel: 'HIGH',
  levelSince: '2026-11-02',
  change30Days: -3.2,
  valueAtRisk: 12_400.5,
  currency: 'EUR',
  reasons: ['Usage fell by half: 3 times the usual risk', 'Two payments failed: twice the usual risk'],
  suggestedAction: 'Offer 10% Discount',
  actionStatus: 'awaiting approval',
  renewalDate: '2027-01-31',
  scoredAt: '2026-11-21T09:00:00.000Z',
  dataConfidence: 93,
  group: 'policy',
}
