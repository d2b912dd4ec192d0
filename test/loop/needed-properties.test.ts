import { expect, it } from 'vitest'
import { readingOf } from '../../src/loop/needed-properties.ts'
import { parseServiceSettings } from '../../src/settings/service.ts'
import type { Connection } from '../../src/store/connections.ts'
import { profileOf } from '../connectors/csv/files.ts'

it('the property that says whose offer was taken is read though nothing else looks at it, and only where it is', async () => {
  const profile = await profileOf(
    'id,name,promo_taken\n1,Ada Ltd,SPRING-7F3A\n2,Bo GmbH,\n3,Cy Inc,\n4,Di AG,SPRING-1111\n',
  )
  const connection = { kind: 'hubspot', profile, mapping: null, population: null } as unknown as Connection
  const read = (redemptionProperty: string | null): readonly string[] | null =>
    readingOf(connection, 20_000, {
      like: undefined,
      offers: parseServiceSettings({ offers: { redemptionProperty } }).offers,
    }).properties
  expect(read(null)).not.toContain('promo_taken')
  expect(read('promo_taken')).toContain('promo_taken')
  // One that the CRM does not have would keep everything from being read.
  expect(read('promo_takem')).toEqual(read(null))
})
