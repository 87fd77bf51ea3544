-- What OrleansBroker keeps in PostgreSQL (11 or later): the membership of its clusters, and their documents.
--
--   psql -v ON_ERROR_STOP=1 -f infra/postgresql/orleansbroker.sql "postgresql://OWNER@HOST/DATABASE"
--
-- Everything lies in the schema orleansbroker, beside whatever other applications of Orleans have in the same database, and serves
-- any number of clusters. The file can be applied again. Who runs the brokers needs, if it is not who owns the schema:
--
--   GRANT USAGE ON SCHEMA orleansbroker TO broker;
--   GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA orleansbroker TO broker;
--   GRANT USAGE ON ALL SEQUENCES IN SCHEMA orleansbroker TO broker;
--
-- Orleans asks the table orleansquery for the statements that it is to run. Their keys, their parameters and the names of the columns
-- that they answer with are Orleans' interface; tables and functions are ours.

BEGIN;

CREATE SCHEMA IF NOT EXISTS orleansbroker;

CREATE TABLE IF NOT EXISTS orleansbroker.orleansquery
(
    querykey text PRIMARY KEY,
    querytext text NOT NULL
);

-- Documents ---------------------------------------------------------------------------------------------------------

-- One row for each document, and the key says so: of two that create the same one, only one can. A hash is in the key because a grain
-- id that is a number and one that is a text are told apart by it alone; empty stands for a grain id without a text.
CREATE TABLE IF NOT EXISTS orleansbroker.storage
(
    serviceid text NOT NULL,
    graintypestring text NOT NULL,
    grainidextensionstring text NOT NULL,
    grainidn0 bigint NOT NULL,
    grainidn1 bigint NOT NULL,
    grainidhash integer NOT NULL,
    payloadbinary bytea,
    version integer NOT NULL,

    CONSTRAINT storage_key PRIMARY KEY (serviceid, graintypestring, grainidextensionstring, grainidn0, grainidn1, grainidhash)
);

-- No two writes get the same version, not even those of a document that was deleted and created again in between: a write that
-- comes late finds another version than the one that it expects. It begins again after two thousand million.
CREATE SEQUENCE IF NOT EXISTS orleansbroker.storage_version AS integer CYCLE;

-- Compare-and-swap: the version that the document has now, or null where it did not have the expected one (null: where it was there).
CREATE OR REPLACE FUNCTION orleansbroker.write_storage(
    _serviceid text, _graintypestring text, _grainidextensionstring text, _grainidn0 bigint, _grainidn1 bigint, _grainidhash integer,
    _expected integer, _payloadbinary bytea)
RETURNS integer LANGUAGE plpgsql AS $$
DECLARE
    written integer;
BEGIN
    IF _expected IS NULL THEN
        INSERT INTO orleansbroker.storage AS s
            (serviceid, graintypestring, grainidextensionstring, grainidn0, grainidn1, grainidhash, payloadbinary, version)
        VALUES
            (_serviceid, _graintypestring, coalesce(_grainidextensionstring, ''), _grainidn0, _grainidn1, _grainidhash, _payloadbinary,
             nextval('orleansbroker.storage_version'))
        ON CONFLICT DO NOTHING
        RETURNING s.version INTO written;
    ELSE
        UPDATE orleansbroker.storage AS s
        SET payloadbinary = _payloadbinary, version = nextval('orleansbroker.storage_version')
        WHERE s.serviceid = _serviceid AND s.graintypestring = _graintypestring AND s.grainidextensionstring = coalesce(_grainidextensionstring, '')
            AND s.grainidn0 = _grainidn0 AND s.grainidn1 = _grainidn1 AND s.grainidhash = _grainidhash AND s.version = _expected
        RETURNING s.version INTO written;
    END IF;
    RETURN written;
END
$$;

INSERT INTO orleansbroker.orleansquery (querykey, querytext) VALUES
('WriteToStorageKey', $$
    SELECT orleansbroker.write_storage(
        @ServiceId, @GrainTypeString, @GrainIdExtensionString, @GrainIdN0, @GrainIdN1, @GrainIdHash, @GrainStateVersion, @PayloadBinary)
        AS NewGrainStateVersion
$$),
('ReadFromStorageKey', $$
    SELECT payloadbinary, version FROM orleansbroker.storage
    WHERE serviceid = @ServiceId AND graintypestring = @GrainTypeString AND grainidextensionstring = coalesce(@GrainIdExtensionString, '')
        AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1 AND grainidhash = @GrainIdHash
$$),
-- Where grain storage is told to keep the rows of what is cleared, their versions go on.
('ClearStorageKey', $$
    SELECT cleared FROM orleansbroker.write_storage(
        @ServiceId, @GrainTypeString, @GrainIdExtensionString, @GrainIdN0, @GrainIdN1, @GrainIdHash, @GrainStateVersion, NULL) AS cleared
    WHERE cleared IS NOT NULL
$$),
-- Any version but the old one says that the row is gone.
('DeleteStorageKey', $$
    DELETE FROM orleansbroker.storage
    WHERE serviceid = @ServiceId AND graintypestring = @GrainTypeString AND grainidextensionstring = coalesce(@GrainIdExtensionString, '')
        AND grainidn0 = @GrainIdN0 AND grainidn1 = @GrainIdN1 AND grainidhash = @GrainIdHash AND version = @GrainStateVersion
    RETURNING -version AS NewGrainStateVersion
$$)
ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

-- Membership --------------------------------------------------------------------------------------------------------

-- One row for each cluster: whoever changes its membership locks it, and counts its version up.
CREATE TABLE IF NOT EXISTS orleansbroker.membership_version
(
    deploymentid text PRIMARY KEY,
    version integer NOT NULL DEFAULT 0
);

CREATE TABLE IF NOT EXISTS orleansbroker.membership
(
    deploymentid text NOT NULL REFERENCES orleansbroker.membership_version,
    address text NOT NULL,
    port integer NOT NULL,
    generation integer NOT NULL,
    siloname text NOT NULL,
    hostname text NOT NULL,
    status integer NOT NULL,
    proxyport integer NOT NULL,
    suspecttimes text,
    starttime timestamptz NOT NULL,
    iamalivetime timestamptz NOT NULL,

    PRIMARY KEY (deploymentid, address, port, generation)
);

-- True where the cluster was not known.
CREATE OR REPLACE FUNCTION orleansbroker.insert_membership_version(_deploymentid text)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO orleansbroker.membership_version (deploymentid) VALUES (_deploymentid) ON CONFLICT DO NOTHING;
    RETURN FOUND;
END
$$;

-- Locks the membership until the transaction ends. True where it has the expected version.
CREATE OR REPLACE FUNCTION orleansbroker.lock_membership(_deploymentid text, _expected integer)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM FROM orleansbroker.membership_version AS v WHERE v.deploymentid = _deploymentid AND v.version = _expected FOR UPDATE;
    RETURN FOUND;
END
$$;

-- True where the silo was added, and false where nothing was changed: the membership has another version, or the silo is in it.
CREATE OR REPLACE FUNCTION orleansbroker.insert_membership(
    _deploymentid text, _address text, _port integer, _generation integer, _siloname text, _hostname text, _status integer,
    _proxyport integer, _starttime timestamptz, _iamalivetime timestamptz, _expected integer)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT orleansbroker.lock_membership(_deploymentid, _expected) THEN
        RETURN false;
    END IF;
    INSERT INTO orleansbroker.membership
        (deploymentid, address, port, generation, siloname, hostname, status, proxyport, starttime, iamalivetime)
    VALUES
        (_deploymentid, _address, _port, _generation, _siloname, _hostname, _status, _proxyport, _starttime, _iamalivetime)
    ON CONFLICT DO NOTHING;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE orleansbroker.membership_version SET version = version + 1 WHERE deploymentid = _deploymentid;
    RETURN true;
END
$$;

-- True where the silo was changed, and false where nothing was: the membership has another version, or the silo is not in it.
CREATE OR REPLACE FUNCTION orleansbroker.update_membership(
    _deploymentid text, _address text, _port integer, _generation integer, _status integer, _suspecttimes text,
    _iamalivetime timestamptz, _expected integer)
RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF NOT orleansbroker.lock_membership(_deploymentid, _expected) THEN
        RETURN false;
    END IF;
    UPDATE orleansbroker.membership AS m
    SET status = _status, suspecttimes = _suspecttimes, iamalivetime = _iamalivetime
    WHERE m.deploymentid = _deploymentid AND m.address = _address AND m.port = _port AND m.generation = _generation;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE orleansbroker.membership_version SET version = version + 1 WHERE deploymentid = _deploymentid;
    RETURN true;
END
$$;

INSERT INTO orleansbroker.orleansquery (querykey, querytext) VALUES
('InsertMembershipVersionKey', $$SELECT orleansbroker.insert_membership_version(@DeploymentId)$$),
('InsertMembershipKey', $$
    SELECT orleansbroker.insert_membership(
        @DeploymentId, @Address, @Port, @Generation, @SiloName, @HostName, @Status, @ProxyPort, @StartTime, @IAmAliveTime, @Version)
$$),
('UpdateMembershipKey', $$
    SELECT orleansbroker.update_membership(@DeploymentId, @Address, @Port, @Generation, @Status, @SuspectTimes, @IAmAliveTime, @Version)
$$),
('UpdateIAmAlivetimeKey', $$
    UPDATE orleansbroker.membership SET iamalivetime = @IAmAliveTime
    WHERE deploymentid = @DeploymentId AND address = @Address AND port = @Port AND generation = @Generation
$$),
-- The version comes alone where there is no silo.
('MembershipReadRowKey', $$
    SELECT m.address, m.port, m.generation, m.siloname, m.hostname, m.status, m.proxyport, m.suspecttimes, m.starttime, m.iamalivetime, v.version
    FROM orleansbroker.membership_version AS v
    LEFT JOIN orleansbroker.membership AS m
        ON m.deploymentid = v.deploymentid AND m.address = @Address AND m.port = @Port AND m.generation = @Generation
    WHERE v.deploymentid = @DeploymentId
$$),
('MembershipReadAllKey', $$
    SELECT m.address, m.port, m.generation, m.siloname, m.hostname, m.status, m.proxyport, m.suspecttimes, m.starttime, m.iamalivetime, v.version
    FROM orleansbroker.membership_version AS v
    LEFT JOIN orleansbroker.membership AS m ON m.deploymentid = v.deploymentid
    WHERE v.deploymentid = @DeploymentId
$$),
('DeleteMembershipTableEntriesKey', $$
    DELETE FROM orleansbroker.membership WHERE deploymentid = @DeploymentId;
    DELETE FROM orleansbroker.membership_version WHERE deploymentid = @DeploymentId;
$$),
-- 3 is an active silo.
('CleanupDefunctSiloEntriesKey', $$
    DELETE FROM orleansbroker.membership WHERE deploymentid = @DeploymentId AND iamalivetime < @IAmAliveTime AND status <> 3
$$),
('GatewaysQueryKey', $$
    SELECT address, proxyport, generation FROM orleansbroker.membership
    WHERE deploymentid = @DeploymentId AND status = @Status AND proxyport > 0
$$),
-- Of this file: a silo asks for it at its start.
('OrleansBrokerSchema', '1')
ON CONFLICT (querykey) DO UPDATE SET querytext = excluded.querytext;

COMMIT;
