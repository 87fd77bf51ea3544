using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Tests;

public sealed class MessageCaseOf<T>(string name, ApiDescription api, bool isRequest) : MessageCase(name, api, isRequest)
    where T : class, IWireStruct, new()
{
    public override object Random(Random random, short version, bool tagged = true, HashSet<(Type Struct, string Field)>? described = null)
    {
        var filler = new RandomFiller(random, version, Api.IsFlexible(version), tagged, described);
        var message = new T();
        filler.Message(ref message);
        return message;
    }

    public override byte[] Encode(object message, short version)
    {
        var typed = (T)message;
        var sizer = new WireSizer(version, Api.IsFlexible(version));
        sizer.Message(ref typed);
        var bytes = new byte[sizer.Size];
        var writer = new WireWriter(bytes, version, Api.IsFlexible(version));
        writer.Message(ref typed);
        Assert.Equal(sizer.Size, writer.Position);
        return bytes;
    }

    public override object Decode(ReadOnlyMemory<byte> bytes, short version, out int consumed)
    {
        var reader = new WireReader(bytes, version, Api.IsFlexible(version));
        var message = new T();
        reader.Message(ref message);
        consumed = reader.Position;
        return message;
    }

    public override string Print(object message, short version) => WirePrinter.Print((T)message, Api, version);
}
