namespace OrleansBroker.Protocol.Wire;

/// <summary>An API of the protocol as this code knows it: the versions that its message file describes.</summary>
/// <param name="VersionMin">The lowest version.</param>
/// <param name="VersionMax">The highest version.</param>
/// <param name="FlexibleSince">The first flexible version, or <see cref="short.MaxValue"/> where there is none.</param>
public sealed record ApiDescription(ApiKey Key, short VersionMin, short VersionMax, short FlexibleSince)
{
    /// <summary>No version of the API is flexible.</summary>
    public const short NeverFlexible = short.MaxValue;

    /// <summary>The lowest version that ApiVersions names. Requests below <see cref="VersionMin"/> are refused all the same.</summary>
    public short AdvertisedMin { get; init; } = VersionMin;

    public bool IsFlexible(short version) => version >= FlexibleSince;

    /// <summary>1 or 2. (Version 0, without a client id, was only ever used by ControlledShutdown.)</summary>
    public short RequestHeaderVersion(short version) => IsFlexible(version) ? (short)2 : (short)1;

    /// <summary>0 or 1. ApiVersions always answers with header version 0, so that a client can read the answer before it knows the broker's versions (KIP-511).</summary>
    public short ResponseHeaderVersion(short version) => Key != ApiKey.ApiVersions && IsFlexible(version) ? (short)1 : (short)0;
}
