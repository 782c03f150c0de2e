import { configurationError } from '../core/errors.ts'

/**
 * Options with defaults for those that are absent. Where a default is a number, no less than `least` is taken.
 *
 * @throws HoldfastError `configuration-invalid`
 */
export function complete<Defaults extends object, Options extends object>(
  defaults: Defaults,
  options: Options,
  least: number = 0,
): Omit<Options, keyof Defaults> & Defaults {
  const settings = { ...options } as Record<string, unknown>
  for (const [name, fallback] of Object.entries(defaults)) {
    const value = (settings[name] ??= fallback)
    if (typeof fallback === 'number' && (value !== Number(value) || value < least))
      throw configurationError(`${name}: expected a number from ${least}, got ${typeof value} ${value}`)
  }
  return settings as unknown as Omit<Options, keyof Defaults> & Defaults
}
