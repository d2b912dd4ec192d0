/** The retention policy that ships: trained in the simulator, with the figures that it reaches there on its card. */
import type { PolicyContents } from '../models/onnx/bundle-contents.ts'
import { policyContents } from '../models/policy/contents.ts'
import { trainPolicy } from '../models/policy/train.ts'

const VERSION = '1.0.0'

export async function buildPolicy(): Promise<PolicyContents> {
  return policyContents(trainPolicy(), VERSION)
}
