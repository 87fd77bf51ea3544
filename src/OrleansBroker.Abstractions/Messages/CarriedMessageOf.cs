using System.Buffers.Binary;
using OrleansBroker.Protocol;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Abstractions.Messages;

/// <param name="api">Null where the message is not of an API.</param>
internal sealed class CarriedMessageOf<T>(MessageKind kind, short key, ApiDescription? api) : CarriedMessage(kind, key)
    where T : class, IWireStruct, new()
{
    public override void Write(object message, PooledBuffer destination)
    {
        var typed = (T)message;
        var version = api is null ? MessageVersion.Oldest : CarriedVersions.Of(api);
        var sizer = new WireSizer(version, IsFlexible(version));
        sizer.Message(ref typed);

        var bytes = HeaderBytes + sizer.Size;
        var span = destination.GetSpan(bytes)[..bytes];
        span[0] = (byte)Kind;
        BinaryPrimitives.WriteInt16BigEndian(span[1..], Key);
        BinaryPrimitives.WriteInt16BigEndian(span[3..], version);
        var writer = new WireWriter(span[HeaderBytes..], version, IsFlexible(version));
        writer.Message(ref typed);
        destination.Advance(bytes);
    }

    public override object Read(ReadOnlyMemory<byte> body, short version)
    {
        if (!(api is null ? MessageVersion.IsKnown(version) : version >= api.VersionMin && version <= api.VersionMax))
        {
            throw new MalformedMessageException($"{typeof(T).Name} version {version} from another silo is not known to this build");
        }

        var reader = new WireReader(body, version, IsFlexible(version));
        var message = new T();
        reader.Message(ref message);
        return message;
    }

    private bool IsFlexible(short version) => api is null || api.IsFlexible(version);
}
