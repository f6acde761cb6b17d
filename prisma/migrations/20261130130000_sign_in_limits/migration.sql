-- CreateTable
CREATE TABLE "known_device" (
    "user_id" TEXT NOT NULL,
    "device" TEXT NOT NULL,
    "network" TEXT NOT NULL,
    "first_used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,
    "last_used_at" TIMESTAMPTZ(3) NOT NULL DEFAULT CURRENT_TIMESTAMP,

    CONSTRAINT "known_device_pkey" PRIMARY KEY ("user_id","device")
);

-- CreateTable
CREATE TABLE "sign_in_attempt" (
    "person" TEXT NOT NULL,
    "attempts" INTEGER NOT NULL,
    "next_at" TIMESTAMPTZ(3) NOT NULL,
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "sign_in_attempt_pkey" PRIMARY KEY ("person")
);

-- CreateIndex
CREATE INDEX "sign_in_attempt_last_at_idx" ON "sign_in_attempt"("last_at");

-- AddForeignKey
ALTER TABLE "known_device" ADD CONSTRAINT "known_device_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "app_user"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Where people are signed in now. IPv6 networks are learned at the next sign-in.
INSERT INTO "known_device" ("user_id", "device", "network")
SELECT DISTINCT "user_id", encode(sha256(convert_to("ip_address" || E'\n' || coalesce("user_agent", ''), 'UTF8')), 'hex'), "ip_address"
  FROM "session" WHERE "ip_address" LIKE '%.%' AND "ip_address" NOT LIKE '%:%'
ON CONFLICT DO NOTHING;
