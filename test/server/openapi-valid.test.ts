import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { apiRoutes } from '../../src/server/api/routes.ts'
import { describeApi } from '../../src/server/openapi.ts'

/** As it goes over the wire. */
const described = (): { paths: Record<string, object> } =>
  JSON.parse(
    JSON.stringify(describeApi(apiRoutes, { version: '1.2.3', url: 'https://holdfast.example' })),
  ) as never

describe('the description of the API', () => {
  it('is OpenAPI 3.1 by a validator of its own', async () => {
    const validator = new Validator()
    expect(await validator.validate(described())).toEqual({ valid: true })
    expect(validator.version).toBe('3.1')
  })

  it('would be refused with a parameter that is nowhere', async () => {
    const broken = described()
    broken.paths['/v1/broken'] = { get: { parameters: [{ name: 'x' }], responses: {} } }
    expect(await new Validator().validate(broken)).toMatchObject({ valid: false })
  })
})
