/** Most stars of a rating. 5 is a favourite; 0 and no rating are both unrated. */
export const MAX_RATING = 5;

/** Items of a list of ratings: each of the six, repeated four times. */
export const MAX_RATINGS = 4 * (MAX_RATING + 1);
