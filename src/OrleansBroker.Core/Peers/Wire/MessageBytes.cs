using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Core.Peers.Wire;

/// <summary>Messages as bytes of their own, without a header.</summary>
internal static class MessageBytes
{
    public static byte[] Write<T>(T message, short version, bool flexible)
        where T : IWireStruct
    {
        var sizer = new WireSizer(version, flexible);
        sizer.Message(ref message);
        var bytes = new byte[sizer.Size];
        var writer = new WireWriter(bytes, version, flexible);
        writer.Message(ref message);
        return bytes;
    }

    public static T Read<T>(ReadOnlyMemory<byte> bytes, short version, bool flexible)
        where T : IWireStruct, new()
    {
        var reader = new WireReader(bytes, version, flexible);
        var message = new T();
        reader.Message(ref message);
        return message;
    }
}
