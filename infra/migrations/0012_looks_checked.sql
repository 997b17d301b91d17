-- The programs that were there before have no colour, so this only reads; in a transaction of its own, nobody waits.

ALTER TABLE programs VALIDATE CONSTRAINT programs_color_form;
