using OrleansBroker.Core.Ports;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Core.Peers.Wire;

/// <summary>
/// What a broker tells the others of itself: its <see cref="BrokerRegistration"/>, and which messages it understands. It is told
/// before anything of the other build is known: only tagged fields may be added.
/// </summary>
public sealed class BrokerIntroduction : IWireStruct
{
    /// <summary>Where it is asked, as its host writes it.</summary>
    public string Silo = string.Empty;
    public int Broker;
    public long Epoch;
    public long DataEpoch;
    public Guid DirectoryId;
    public string Host = string.Empty;
    public int Port;
    public string? Rack;
    public bool IsDraining;

    /// <summary>It serves nobody any more, while its silo goes on for a little.</summary>
    public bool IsLeaving;

    /// <summary>The highest version of <see cref="PeerMessages"/> that it knows.</summary>
    public short MessageVersionMax;

    public BrokerIntroduction()
    {
    }

    public BrokerIntroduction(string silo, BrokerRegistration registration)
    {
        Silo = silo;
        Broker = registration.Id.Value;
        Epoch = registration.Epoch;
        DataEpoch = registration.DataEpoch;
        DirectoryId = registration.DirectoryId;
        Host = registration.Host;
        Port = registration.Port;
        Rack = registration.Rack;
        IsDraining = registration.IsDraining;
        MessageVersionMax = PeerMessages.VersionMax;
    }

    public BrokerRegistration ToRegistration() => new(new BrokerId(Broker), Epoch, DataEpoch, DirectoryId, Host, Port, Rack) { IsDraining = IsDraining };

    public void Describe<TCodec>(ref TCodec codec)
        where TCodec : struct, IWireCodec, allows ref struct
    {
        codec.String(ref Silo);
        codec.Int32(ref Broker);
        codec.Int64(ref Epoch);
        codec.Int64(ref DataEpoch);
        codec.Uuid(ref DirectoryId);
        codec.String(ref Host);
        codec.Int32(ref Port);
        codec.NullableString(ref Rack);
        codec.Boolean(ref IsDraining);
        codec.Int16(ref MessageVersionMax);
        codec.Boolean(ref IsLeaving);
    }
}
