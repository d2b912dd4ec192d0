/** Actions of your own beside those that ship. */
import { z } from 'zod'

export const actionSettings = z.strictObject({}).prefault({})
