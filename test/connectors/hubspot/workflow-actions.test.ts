import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { verifySignatureV2 } from '../../../connectors/hubspot/webhook.ts'
import {
  actionAsked,
  answerFields,
  WORKFLOW_ACTIONS,
  WORKFLOW_DEFINITIONS,
  workflowCall,
} from '../../../connectors/hubspot/workflow-actions.ts'

/** As HubSpot's documents show it. */
const example = {
  callbackId: 'ap-102670506-56777914962-11-0',
  origin: {
    portalId: 102670506,
    actionDefinitionId: 10860211,
    actionDefinitionVersion: 1,
    extensionDefinitionId: 10860211,
    extensionDefinitionVersionId: 1,
  },
  context: { source: 'WORKFLOWS', workflowId: 192814114 },
  object: { objectId: 614, objectType: 'CONTACT' },
  inputFields: { action: 'email' },
}

describe('a call of a workflow', () => {
  it('is read as the documents show it', () => {
    expect(workflowCall.parse(example)).toEqual({
      callback: 'ap-102670506-56777914962-11-0',
      portal: '102670506',
      object: 'contacts',
      id: '614',
      by: 'HubSpot workflow 192814114',
      inputs: { action: 'email' },
    })
  })

  it('of an agent says so', () => {
    const context = { source: 'AGENTS', agentId: 12, chirpAiContextObject: {} }
    expect(workflowCall.parse({ ...example, context })).toMatchObject({ by: 'HubSpot agent 12' })
    expect(workflowCall.parse({ ...example, context: { source: 'COPILOT' } })).toMatchObject({
      by: 'HubSpot agent',
    })
  })

  it.each([
    ['no id of the call', { callbackId: '' }],
    ['another kind of record', { object: { objectId: 1, objectType: 'DEAL' } }],
    ['an id that is none', { object: { objectId: '1 or 1=1', objectType: 'COMPANY' } }],
    ['no account', { origin: {} }],
  ])('with %s is refused', (_name, change) => {
    expect(workflowCall.safeParse({ ...example, ...change }).success).toBe(false)
  })

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.object({ maxDepth: 3 }), fc.jsonValue(), (some, value) => {
        workflowCall.safeParse({ ...example, ...some })
        workflowCall.safeParse({ ...example, inputFields: value, context: value })
        workflowCall.safeParse(value)
      }),
    )
  })

  it.each([
    [{ action: 'email' }, 'email'],
    [{ action: 'another', own_action: ' gift ' }, 'gift'],
    [{ own_action: 'gift' }, 'gift'],
    [{ action: 'another' }, null],
    [{ action: 7 }, null],
    [{}, null],
  ])('with the inputs %j asks for %j', (inputs, action) => {
    expect(actionAsked(inputs)).toBe(action)
  })
})

describe('what a workflow is told', () => {
  it('bears the names of the definition alone, texts beside typed values, and nothing blank', () => {
    const names = fc.constantFrom('risk_percent', 'currency', 'action', 'intervention', 'made_up')
    const values = fc.oneof(fc.string(), fc.double({ noNaN: true }), fc.constant(null))
    fc.assert(
      fc.property(fc.constantFrom(...WORKFLOW_ACTIONS), fc.dictionary(names, values), (action, some) => {
        const { outputFields, typedOutputs } = answerFields(action, {
          ...some,
          status: 'done',
          sentence: 'Yes.',
        })
        const known = WORKFLOW_DEFINITIONS[action].outputs.map(({ name }) => name)
        for (const [name, value] of Object.entries(typedOutputs)) {
          expect(known).toContain(name)
          expect(value).not.toBeNull()
          expect(outputFields[name]).toBe(String(value))
        }
        expect(outputFields['hs_execution_state']).toBe('SUCCESS')
      }),
    )
  })

  it('lets a workflow go on where something was refused', () => {
    const { outputFields } = answerFields('intervene', { status: 'refused', sentence: 'No.' })
    expect(outputFields).toEqual({ hs_execution_state: 'FAIL_CONTINUE', status: 'refused', sentence: 'No.' })
  })
})

describe('version 2 of the signature', () => {
  // The example of https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
  const signed = {
    secret: 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
    method: 'POST',
    url: 'https://www.example.com/webhook_uri',
    body: Buffer.from('{"example_field":"example_value"}'),
    signature: '9569219f8ba981ffa6f6f16aa0f48637d35d728c7e4d93d0d52efaa512af7900',
  }

  it('is the one of the documents', () => {
    expect(verifySignatureV2(signed)).toBe(true)
  })

  it('is refused where any byte of what is signed is another one', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('method', 'url', 'body', 'signature', 'secret'),
        fc.nat(),
        fc.integer({ min: 1, max: 127 }),
        (part, at, by) => {
          const bytes = Buffer.from(signed[part as 'url'])
          bytes[at % bytes.length] ^= by
          const changed = part === 'body' ? bytes : bytes.toString('latin1')
          // Methods are the same in any case.
          fc.pre(part !== 'method' || String(changed).toUpperCase() !== 'POST')
          expect(verifySignatureV2({ ...signed, [part]: changed })).toBe(false)
        },
      ),
    )
    expect(verifySignatureV2({ ...signed, signature: undefined })).toBe(false)
    expect(verifySignatureV2({ ...signed, secret: '' })).toBe(false)
  })
})
