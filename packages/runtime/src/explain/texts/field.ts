import { ONLY_PROGRAM, type StatusText, type StatusTexts } from './text.js';

/** A description of a structure that does not fit it: a matter for whoever wrote the class or the table. */
const field = (meaning: string, cause: string, remedy: string): StatusText => ({
  meaning,
  causes: [cause],
  advice: [ONLY_PROGRAM, remedy, 'The message names the field.'],
});

/** How structures are described to the saved state manager. */
export const fieldTexts: StatusTexts = {
  VERR_SSM_FIELD_COMPLEX: field(
    'A structure has a field that the simple calls for structures cannot save or load. (-1864: the same number as VINF_SSM_LIVE_SUSPENDED, but for the sign.)',
    'The simple calls putStruct or getStruct were used for a class with kinds that need the extended calls.',
    'Use putStructEx and getStructEx.',
  ),
  VERR_SSM_FIELD_INVALID_SIZE: field(
    'A field has another size than its kind.',
    'The kind in the description is not the one of the member.',
    'Give the field the kind of its C type on that host.',
  ),
  VERR_SSM_FIELD_OUT_OF_BOUNDS: field(
    'A field lies outside of its structure.',
    'Offset or size of the structure is wrong.',
    'Correct the description of the structure.',
  ),
  VERR_SSM_FIELD_NOT_CONSECUTIVE: field(
    'Fields of a structure that must be described in full leave a gap, or overlap.',
    'A member or padding is missing in the description.',
    'Describe every byte, padding included, or do without FULL_STRUCT.',
  ),
  VERR_SSM_FIELD_INVALID_CALLBACK: field(
    'A field that is saved by a function has none, or gives it something else to do.',
    'The description is incomplete.',
    'Name the function that puts and gets the field.',
  ),
  VERR_SSM_FIELD_INVALID_PADDING_SIZE: field(
    'Padding has a size that it cannot have on this host.',
    'The padding of 32-bit and 64-bit hosts was mixed up.',
    'Correct the sizes of the padding.',
  ),
  VERR_SSM_FIELD_INVALID_VALUE: field(
    'A field has a value that its kind cannot save or load.',
    'The state is inconsistent, or the file has been damaged without being noticed.',
    "Look at the value: 'ssm dump FILE UNIT --schema MODULE#CLASS' shows it.",
  ),
  VERR_SSM_FIELD_LOAD_ONLY_TRANSFORMATION: field(
    'A field is described in a way that only serves to load old states.',
    'A description that is meant for loading was used for saving.',
    'Use the present description for saving.',
  ),
};
