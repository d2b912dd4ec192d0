/** When a person may be contacted at all. */
import { z } from 'zod'

export const guardSettings = z.strictObject({}).prefault({})
