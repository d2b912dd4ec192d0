/** To which group customers belong: settings of the comparison that results are measured with. */
import { z } from 'zod'
import { field } from './field.ts'

const share = (about: string, title: string) =>
  field(z.number().min(0).max(0.5).default(0.1), about, 'a number from 0 to 0.5', { title, as: 'percent' })

export const groupSettings = z
  .strictObject({
    holdout: share('Share of customers that nothing is done for, to measure against', 'Nothing is done for'),
    usual: share('Share of customers that are left to business as usual', 'Left to business as usual'),
    exempt: z
      .strictObject({
        property: field(
          z.string().min(1).max(200).nullable().default(null),
          'Property of the customer by which strategic accounts are told: they are left to your team from their first sight, and are compared with nobody',
          'the name of a property, or null',
          { title: 'Strategic accounts: property that tells them', none: 'None' },
        ),
        values: field(
          z.array(z.string().max(200)).max(100).default(['true']),
          'Its values that exempt; upper and lower case are the same',
          'a list of at most 100 texts',
          'Strategic accounts: values of it',
        ),
        ids: field(
          z.array(z.string().min(1).max(200)).max(2000).default([]),
          'The same by name: ids in the CRM of customers, or of top parent accounts for all beneath them',
          'a list of at most 2,000 ids',
          'Strategic accounts: by their ids in the CRM',
        ),
      })
      .prefault({}),
  })
  .prefault({})
