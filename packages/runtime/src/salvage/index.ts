export { openSalvaged, type SalvagedState } from './open-salvaged.js';
export { type SalvageOptions, type SalvageResult, salvageState, surveyState } from './salvage.js';
export type { Gap, LostUnit, Survey, WholeUnit } from './survey.js';
