-- What a program looks like: its colour and its logo.

ALTER TABLE programs ADD COLUMN color text;
ALTER TABLE programs ADD CONSTRAINT programs_color_form CHECK (color ~ '^#[0-9a-f]{6}$') NOT VALID;
COMMENT ON COLUMN programs.color IS 'The merchant''s colour as #rrggbb; null where one is chosen by the slug.';

CREATE TABLE program_logos (
    merchant_id uuid NOT NULL,
    program_id uuid NOT NULL,
    logo_id uuid NOT NULL DEFAULT gen_random_uuid(),
    media_type text NOT NULL,
    image bytea NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT program_logos_pk PRIMARY KEY (merchant_id, program_id),
    CONSTRAINT program_logos_logo_unique UNIQUE (merchant_id, logo_id),
    CONSTRAINT program_logos_program_fk FOREIGN KEY (merchant_id, program_id) REFERENCES programs,
    CONSTRAINT program_logos_media_type CHECK (media_type IN ('image/svg+xml', 'image/png')),
    CONSTRAINT program_logos_image_length CHECK (octet_length(image) BETWEEN 1 AND 262144)
);
COMMENT ON TABLE program_logos IS 'The picture that stands for a program, one at most. What was replaced or taken away is gone.';
COMMENT ON COLUMN program_logos.logo_id IS 'New with every picture: what it names is never changed, so whoever has seen it may keep it.';

GRANT UPDATE (color) ON programs TO regulars_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON program_logos TO regulars_app;
