using System.Collections;
using System.Reflection;
using OrleansBroker.Protocol.Records;
using OrleansBroker.Protocol.Wire;

namespace OrleansBroker.Protocol.Tests;

/// <summary>Every API, request and response, in every version.</summary>
public sealed class MessageRoundTripTests
{
    private const int RoundsPerVersion = 40;

    public static TheoryData<string> Messages => [.. MessageCase.All.Select(message => message.Name)];

    [Theory]
    [MemberData(nameof(Messages))]
    public void Random_values_of_every_version_round_trip(string name) => Seeded.Run(random =>
    {
        var message = MessageCase.Find(name);
        foreach (var version in message.Versions)
        {
            for (var round = 0; round < RoundsPerVersion; round++)
            {
                var sent = message.Random(random, version);
                var bytes = message.Encode(sent, version);
                var received = message.Decode(bytes, version, out var consumed);
                Assert.Equal(bytes.Length, consumed);
                AssertSame(sent, received, $"{name} v{version}");
                Assert.Equal(bytes, message.Encode(received, version));
                Assert.Equal(message.Print(sent, version), message.Print(received, version));
            }
        }
    });

    [Theory]
    [MemberData(nameof(Messages))]
    public void Every_public_field_is_described(string name) => Seeded.Run(random =>
    {
        var message = MessageCase.Find(name);
        var described = new HashSet<(Type Struct, string Field)>();
        foreach (var version in message.Versions)
        {
            for (var round = 0; round < RoundsPerVersion; round++)
            {
                message.Random(random, version, tagged: true, described);
            }
        }

        var root = message.Random(random, message.Api.VersionMax).GetType();
        foreach (var type in root.GetNestedTypes().Append(root).Where(typeof(IWireStruct).IsAssignableFrom))
        {
            var fields = type.GetFields(BindingFlags.Instance | BindingFlags.Public).Select(field => field.Name).Order();
            Assert.Equal(fields, described.Where(field => field.Struct == type).Select(field => field.Field).Order());
        }
    });

    [Theory]
    [MemberData(nameof(Messages))]
    public void A_new_message_can_be_sent_in_every_version(string name)
    {
        var message = MessageCase.Find(name);
        var type = message.Random(new Random(1), message.Api.VersionMax).GetType();
        foreach (var version in message.Versions)
        {
            var bytes = message.Encode(Activator.CreateInstance(type)!, version);
            message.Decode(bytes, version, out var consumed);
            Assert.Equal(bytes.Length, consumed);
        }
    }

    [Fact]
    public void Api_keys_are_unique_and_ranges_are_sound()
    {
        var apis = MessageCase.All.Where(message => message.IsRequest).Select(message => message.Api).ToArray();
        Assert.Equal(apis.Length, apis.Select(api => api.Key).Distinct().Count());
        Assert.All(apis, api =>
        {
            Assert.True(api.VersionMin <= api.VersionMax);
            Assert.True(api.AdvertisedMin <= api.VersionMin);
            Assert.True(api.FlexibleSince == ApiDescription.NeverFlexible || api.FlexibleSince <= api.VersionMax);
        });
    }

    private static void AssertSame(object? expected, object? actual, string path)
    {
        switch (expected)
        {
            case null or string or ErrorCode:
                Assert.True(Equals(expected, actual), $"{path}: {expected} became {actual}");
                break;
            case ReadOnlyMemory<byte> bytes:
                Assert.True(bytes.Span.SequenceEqual(((ReadOnlyMemory<byte>)actual!).Span), path);
                break;
            case RecordSet records:
                Assert.True(records.IsNull == ((RecordSet)actual!).IsNull && records.Memory.Span.SequenceEqual(((RecordSet)actual).Memory.Span), path);
                break;
            case IList list:
                Assert.True(actual is IList other && other.Count == list.Count, $"{path}: a count of {list.Count} changed");
                for (var i = 0; i < list.Count; i++)
                {
                    AssertSame(list[i], ((IList)actual)[i], $"{path}[{i}]");
                }

                break;
            case IWireStruct:
                foreach (var field in expected.GetType().GetFields(BindingFlags.Instance | BindingFlags.Public))
                {
                    AssertSame(field.GetValue(expected), field.GetValue(actual), $"{path}.{field.Name}");
                }

                break;
            default:
                Assert.True(expected.Equals(actual), $"{path}: {expected} became {actual}");
                break;
        }
    }
}
