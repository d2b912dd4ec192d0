/** Calls: capacity of each person, and when they are made. */
import { z } from 'zod'

export const callSettings = z.strictObject({}).prefault({})
