/** Under how many schedules of the simulator a property is checked. */
export const schedules = Number(process.env["TROUPE_SCHEDULES"] ?? 16);
