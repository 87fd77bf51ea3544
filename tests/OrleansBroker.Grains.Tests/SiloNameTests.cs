using OrleansBroker.Protocol;

namespace OrleansBroker.Grains.Tests;

public sealed class SiloNameTests
{
    [Theory, InlineData(0), InlineData(7), InlineData(int.MaxValue)]
    public void A_brokers_silo_tells_its_id(int id) => Assert.Equal(new BrokerId(id), SiloName.ToBroker(SiloName.Of(new BrokerId(id))));

    [Theory, InlineData(null), InlineData(""), InlineData("ob-"), InlineData("ob--1"), InlineData("ob-1x"), InlineData("Silo_0a1b2"), InlineData("OB-1"), InlineData("ob-4294967296")]
    public void A_silo_of_another_kind_is_no_broker(string? name) => Assert.Equal(BrokerId.None, SiloName.ToBroker(name));
}
